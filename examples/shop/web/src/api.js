const BASE = "/api/v1";

async function call(path, options) {
  const response = await fetch(BASE + path, options);
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.error ?? response.statusText);
  }
  return body;
}

export function listItems(search, signal) {
  return call(`/items?search=${encodeURIComponent(search)}`, { signal });
}

export function move(sku, kind, quantity) {
  return call(`/items/${encodeURIComponent(sku)}/${kind}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ quantity }),
  });
}
