variable "sizing" {
  description = "Sizing by component, as in sizing.auto.tfvars.json."
  type = map(object({
    kind      = string
    workload  = string
    container = optional(string)
    namespace = optional(string)
    replicas  = number
    resources = object({
      requests = map(string)
      limits   = map(string)
    })
    autoscaling = optional(object({
      min_replicas       = number
      max_replicas       = number
      target_cpu_percent = number
    }))
    extra_containers = optional(map(object({
      init = bool
      resources = object({
        requests = map(string)
        limits   = map(string)
      })
    })), {})
    runtime_env = optional(map(string), {})
    storage     = optional(string)
  }))
  default  = {}
  nullable = false
}
