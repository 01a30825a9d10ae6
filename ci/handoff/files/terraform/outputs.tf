output "sizing" {
  description = "Everything, by component."
  value       = var.sizing
}

output "requests" {
  description = "Requests of the main container, by component."
  value       = local.requests
}

output "limits" {
  description = "Limits of the main container, by component."
  value       = local.limits
}

output "replicas" {
  description = "Replicas to declare, by component; null where an autoscaler owns the number."
  value       = local.replicas
}

output "autoscaling" {
  description = "Autoscalers, for the components that have one."
  value       = local.autoscaling
}
