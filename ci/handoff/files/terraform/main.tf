# Written by ai-provision. Reads the sizing and hands it on; manages nothing in a cluster.

terraform {
  required_version = ">= 1.4"
}

locals {
  # Ready for the `resources` block of any provider: maps of Kubernetes quantities, unset left out.
  requests = { for name, sizing in var.sizing : name => sizing.resources.requests }
  limits   = { for name, sizing in var.sizing : name => sizing.resources.limits }

  # Replicas to declare: null where an autoscaler owns the number.
  replicas = {
    for name, sizing in var.sizing : name => sizing.autoscaling == null ? sizing.replicas : null
  }

  autoscaling = {
    for name, sizing in var.sizing : name => sizing.autoscaling if sizing.autoscaling != null
  }
}

# Keeps the last applied sizing in the state, so that a plan shows what a new one changes.
resource "terraform_data" "sizing" {
  for_each = var.sizing
  input    = each.value
}
