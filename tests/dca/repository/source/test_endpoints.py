"""Routes of the common frameworks, with file and line."""

# ruff: noqa: E501 - a case is a line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.source.endpoints import KEPT, find_endpoints
from dca.repository.source.sources import Sources
from dca.repository.source.syntax import MAX_PARSE_BYTES
from tests.dca.tree import FakeTree


def find(files, framework=None):
    code = [path for path in files if not path.endswith(".proto")]
    return find_endpoints(".", code, Sources(FakeTree(files)), framework)


def routes(path, text, framework=None):
    return [(item.method, item.path) for item in find({path: text}, framework).kept]


FLASK = '@app.route("/a", methods=["POST"])\ndef a(): ...\n@bp.get("/b")\ndef b(): ...\n'
FASTAPI = '@router.put("/a/{id}")\nasync def a(): ...\n@app.websocket("/ws")\nasync def w(): ...\n'
DJANGO = 'urlpatterns = [path("a/", v), re_path(r"^b/$", v), path("", v)]\n'
STARLETTE = 'routes = [Route("/a", endpoint=a, methods=["POST"]), Route("/b", b)]\n'
AIOHTTP = 'app.router.add_get("/a", h)\napp.router.add_route("POST", "/b", h)\n'
TORNADO = 'handlers = [(r"/a", MainHandler), (r"/b", OtherHandler)]\n'
EXPRESS = """
const app = require('express')();
app.get('/a', (req, res) => {});
router.post("/b", auth, handler);
axios.get('/remote');
app.get('/c', { params: 1 });
"""
FASTIFY = "fastify.route({ method: 'GET', url: '/a', handler })\nfastify.get('/b', opts, h)\n"
NEST = "@Controller('cats')\nexport class C {\n @Get(':id') a() {}\n @Post() b() {}\n}\n"
GIN = 'package a\nfunc f() {\n r.GET("/a", h)\n g.POST("/b", h)\n client.Get("/c")\n}\n'
MUX = """package a
func f() {
 r.HandleFunc("/a", h).Methods("POST")
 r.HandleFunc(base + "/b", h).Methods(http.MethodGet)
 mux.Handle("GET /c", h)
 router.Handler("PUT", "/d", h)
}
"""
SPRING = """
@RestController @RequestMapping("/api")
class A {
  @GetMapping("/a") String a() { return ""; }
  @PostMapping String b() { return ""; }
  @RequestMapping(value = "/c", method = RequestMethod.DELETE) void c() {}
}
"""
JAX_RS = '@Path("/x")\npublic class A {\n  @GET @Path("/a") public String a() { return ""; }\n}\n'
KOTLIN_SPRING = (
    '@RestController\n@RequestMapping("/api")\nclass A {\n  @GetMapping("/a")\n  fun a() = 1\n}\n'
)
KTOR = """fun Route.api() {
    val service: Service by inject()

    route("/api") {
        get("/a") { call.respond(1) }
        post { call.respond(2) }
    }
    get("/health") { }
}
"""
DOTNET = """
[Route("api/a")]
public class A : ControllerBase {
  [HttpGet("{id}")] public int B() => 1;
  [HttpPost] public int C() => 1;
}
class P { void M() { app.MapGet("/d", () => 1); } }
"""
ACTIX = '#[get("/a")]\nasync fn a() {}\nfn b() { App::new().route("/b", web::post().to(b)); }\n'
AXUM = 'fn b() { Router::new().route("/c", get(c)); }\n'
RAILS = """Rails.application.routes.draw do
  get "/a", to: "a#b"
  resources :orders, only: [:index, :show]
  root "x#y"
end
"""
SINATRA = "require 'sinatra'\nclass A < Sinatra::Base\n  post '/a' do\n  end\nend\n"
LARAVEL = "<?php\nRoute::get('/a', [A::class, 'b']);\nRoute::post('/b', fn () => 1);\n"
SLIM = "<?php\n$app->get('/a', function () {});\n$request->get('x');\n"
SYMFONY = "<?php\nclass A {\n  #[Route('/a', methods: ['GET'])]\n  public function a() {}\n}\n"
PHOENIX = """defmodule W.Router do
  use W, :router
  scope "/api", W do
    get "/a", A, :b
    live "/l", L
  end
end
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", FLASK, [("POST", "/a"), ("GET", "/b")]),
        ("a.py", FASTAPI, [("PUT", "/a/{id}"), ("WS", "/ws")]),
        ("urls.py", DJANGO, [("ANY", "a/"), ("ANY", "^b/$"), ("ANY", "")]),
        ("a.py", STARLETTE, [("POST", "/a"), ("ANY", "/b")]),
        ("a.py", AIOHTTP, [("GET", "/a"), ("POST", "/b")]),
        ("a.py", TORNADO, [("ANY", "/a"), ("ANY", "/b")]),
        ("a.js", EXPRESS, [("GET", "/a"), ("POST", "/b")]),
        ("a.ts", FASTIFY, [("GET", "/a"), ("GET", "/b")]),
        ("a.ts", NEST, [("GET", "/cats/:id"), ("POST", "/cats")]),
        ("a.go", GIN, [("GET", "/a"), ("POST", "/b")]),
        ("a.go", MUX, [("POST", "/a"), ("GET", "/b"), ("GET", "/c"), ("PUT", "/d")]),
        ("A.java", SPRING, [("GET", "/api/a"), ("POST", "/api"), ("DELETE", "/api/c")]),
        ("A.java", JAX_RS, [("GET", "/x/a")]),
        ("A.kt", KOTLIN_SPRING, [("GET", "/api/a")]),
        ("A.kt", KTOR, [("GET", "/api/a"), ("POST", "/api"), ("GET", "/health")]),
        ("A.cs", DOTNET, [("GET", "/api/a/{id}"), ("POST", "/api/a"), ("GET", "/d")]),
        ("a.rs", ACTIX, [("GET", "/a"), ("POST", "/b")]),
        ("a.rs", AXUM, [("GET", "/c")]),
        ("routes.rb", RAILS, [("GET", "/a"), ("GET", "/orders"), ("GET", "/orders/:id"), ("ANY", "/x#y")]),
        ("a.rb", SINATRA, [("POST", "/a")]),
        ("a.php", LARAVEL, [("GET", "/a"), ("POST", "/b")]),
        ("a.php", SLIM, [("GET", "/a")]),
        ("A.php", SYMFONY, [("ANY", "/a")]),
        ("router.ex", PHOENIX, [("GET", "/api/a"), ("GET", "/api/l")]),
    ],
    ids=[
        "flask", "fastapi", "django", "starlette", "aiohttp", "tornado", "express", "fastify", "nest",
        "gin", "mux", "spring", "jax-rs", "kotlin-spring", "ktor", "dotnet", "actix", "axum", "rails",
        "sinatra", "laravel", "slim", "symfony", "phoenix",
    ],
)  # fmt: skip
def test_routes_are_read_as_the_framework_declares_them(path, text, expected):
    assert routes(path, text) == expected


@pytest.mark.parametrize(
    ("path", "framework", "expected"),
    [
        ("pages/api/orders/[id].ts", "Next.js", ("ANY", "/api/orders/:id")),
        ("src/app/(shop)/cart/page.tsx", "Next.js", ("GET", "/cart")),
        ("app/api/x/route.ts", "Next.js", ("ANY", "/api/x")),
        ("src/routes/a/[slug]/+server.ts", "SvelteKit", ("ANY", "/a/:slug")),
    ],
)
def test_some_frameworks_make_routes_of_files(path, framework, expected):
    assert routes(path, "export default 1", framework) == [expected]
    assert routes(path, "export default 1") == []


PROTO = """syntax = "proto3";
package shop;
service Cart {
  rpc Add (Item) returns (Empty) {}
  rpc Get (Id) returns (Items) {}
}
service Other { rpc X (A) returns (B) {} }
"""


def test_grpc_methods_of_implemented_services_count():
    found = find({"protos/a.proto": PROTO, "main.go": "pb.RegisterCartServer(s, x)"})
    assert [(item.method, item.path) for item in found.kept] == [
        ("RPC", "/shop.Cart/Add"),
        ("RPC", "/shop.Cart/Get"),
    ]
    assert (found.kept[0].file, found.kept[0].line) == ("protos/a.proto", 4)


def test_a_client_of_a_service_does_not_serve_it():
    assert find({"a.proto": PROTO, "main.go": "pb.NewCartClient(conn)"}).count == 0


def test_file_and_line_are_those_of_the_declaration():
    (found,) = find({"x/a.py": '\n\n@app.get("/a")\ndef a(): ...\n'}).kept
    assert (found.file, found.line) == ("x/a.py", 3)


def test_all_routes_are_counted_and_the_first_are_kept():
    text = "".join(f'@app.get("/r{n}")\ndef f{n}(): ...\n' for n in range(KEPT + 10))
    found = find({"a.py": text})
    assert (len(found.kept), found.count) == (KEPT, KEPT + 10)


def test_a_file_of_unusual_length_is_not_parsed():
    assert find({"a.py": FLASK + "#" * MAX_PARSE_BYTES}).count == 0


@given(
    ending=st.sampled_from(["py", "ts", "tsx", "go", "java", "kt", "cs", "rs", "rb", "php", "ex"]),
    text=st.sampled_from(
        [FLASK, EXPRESS, NEST, GIN, MUX, SPRING, KTOR, DOTNET, RAILS, LARAVEL, PHOENIX]
    ),
    cut=st.integers(0, 200),
)
def test_broken_code_of_any_language_harms_nothing(ending, text, cut):
    found = find({f"a.{ending}": text[cut:] + text[:cut]})
    assert found.count >= len(found.kept)
