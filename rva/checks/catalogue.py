"""Every check by id: what must hold, how bad it is when not, where the rule comes from.

`pending` names the reason for which a check cannot run at all today; such a check is listed among
the skipped ones of every result, so that nobody takes its silence for a pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.recommendation import Severity

_B, _W, _I = Severity.BLOCK, Severity.WARN, Severity.INFO

NO_CLUSTER = "needs the kubelet's configuration, which the cluster facts do not carry"
NO_MODEL = "no language model took part in this run"
NO_PROXMOX = "holds for virtual machines; nothing was sized for Proxmox"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue."""

    title: str
    severity: Severity
    source: str
    pending: str = ""


CATALOGUE: dict[str, Entry] = {
    "T01": Entry("every quantity parses", _B, "apimachinery Quantity"),
    "T02": Entry("memory is at least 4Mi and has no m suffix", _B, "Kubernetes API warning"),
    "T03": Entry("CPU is at least 1m", _B, "apimachinery Quantity"),
    "T04": Entry("a limit is not below its request", _B, "Kubernetes API validation"),
    "T05": Entry("extended resources are whole, limit and request equal", _B, "Kubernetes API"),
    "T06": Entry("the documents match the Kubernetes schema", _B, "Kubernetes OpenAPI schema"),
    "T07": Entry("the selector matches the template's labels", _B, "kube-linter"),
    "T08": Entry("the patch names containers that exist", _B, "strategic merge adds others"),
    "T09": Entry("the patch touches allow-listed paths only", _B, "injection guard"),
    "T10": Entry("applying the patch twice is applying it once", _B, "own"),
    "T11": Entry("names and label values are valid", _B, "RFC 1123; kube-score label-values"),
    "T12": Entry("init and sidecar containers are sized", _B, "kyverno require-requests-limits"),
    "T13": Entry("no variable is set twice", _W, "kube-linter duplicate-env-var"),
    "T14": Entry("every emitted text survives being written and read again", _B, "own"),
    "P01": Entry("every container has a memory limit", _B, "CKV_K8S_13"),
    "P02": Entry("every container has CPU and memory requests", _B, "CKV_K8S_10, CKV_K8S_12"),
    "P03": Entry("memory limit equals request where the tier asks it", _B, "kyverno"),
    "P04": Entry("Guaranteed QoS where the tier asks it", _B, "kyverno require-qos-guaranteed"),
    "P05": Entry("the pod is not BestEffort", _B, "kyverno require-qos-burstable"),
    "P06": Entry("the policy on CPU limits is kept", _W, "kyverno; CKV_K8S_11"),
    "P07": Entry("memory limit over request stays below the ratio", _W, "kyverno"),
    "P08": Entry("the LimitRange admits every container", _B, "LimitRange admission"),
    "P09": Entry("the quota leaves room for all replicas", _B, "ResourceQuota admission"),
    "P10": Entry("not in the default namespace", _W, "CKV_K8S_21"),
    "P11": Entry("a critical component has an existing priority class", _W, "polaris"),
    "P12": Entry("the image tag is fixed", _W, "CKV_K8S_14"),
    "P13": Entry("the required labels are present", _W, "kube-linter required-label-owner"),
    "P14": Entry("the pod stays below the tier's ceilings", _B, "organisation policy"),
    "C01": Entry("one pod fits the largest node", _B, "scheduler"),
    "C02": Entry("all replicas and the surge fit the nodes", _B, "scheduler"),
    "C03": Entry("all replicas fit with the largest node lost", _W, "own"),
    "C04": Entry("one pod takes at most half of a node", _W, "own"),
    "C05": Entry("a node matches selector, affinity and taints", _B, "scheduler"),
    "C06": Entry("a node has the requested extended resource", _B, "scheduler"),
    "C07": Entry("scratch volumes are bounded and fit", _W, "kube-score; kyverno"),
    "C08": Entry("storage class and access mode suit the replicas", _B, "own"),
    "C09": Entry("the nodes have room for that many pods", _W, "kubelet --max-pods, default 110"),
    "C10": Entry("allocatable is used, never capacity", _B, "kubelet"),
    "C11": Entry("static CPU manager gets whole CPUs", _W, "kubelet policy", NO_CLUSTER),
    "C12": Entry("the request fits one NUMA node", _W, "kubelet policy", NO_CLUSTER),
    "C13": Entry("every node is ready", _W, "own"),
    "A01": Entry("a serving component has the tier's replicas", _W, "kube-score; polaris"),
    "A02": Entry("an autoscaler alone sets the replicas", _B, "kube-score"),
    "A03": Entry("an autoscaler on CPU finds a request on every container", _B, "HPA semantics"),
    "A04": Entry("the autoscaler's absolute threshold stays", _W, "krr issue 169"),
    "A05": Entry("the autoscaler's bounds are sound and fit", _B, "kube-score"),
    "A06": Entry("one autoscaler per workload, and its target exists", _B, "kube-linter; kyverno"),
    "A07": Entry("no VPA and HPA on the same metric", _B, "VPA documentation"),
    "A08": Entry("a disruption budget guards several replicas", _W, "kube-score; polaris"),
    "A09": Entry("the disruption budget allows one eviction", _B, "kube-linter; polaris"),
    "A10": Entry("replicas are spread over nodes", _W, "kube-linter no-anti-affinity"),
    "A11": Entry("a rollout keeps one replica available", _B, "kube-score deployment-strategy"),
    "A12": Entry("members of a stateful system are counted right", _B, "quorum arithmetic"),
    "A13": Entry("a single writer has one replica and is recreated", _B, "own"),
    "A14": Entry("a singleton has one replica", _W, "own"),
    "A15": Entry("several replicas have a readiness probe", _W, "CKV_K8S_9; kube-linter"),
    "A16": Entry("a slow runtime has CPU to start", _W, "own"),
    "R01": Entry("the JVM's heap and what is beside it fit the limit", _B, "JDK ergonomics"),
    "R02": Entry("the JVM sees two CPUs and 1792Mi", _I, "JDK ergonomics"),
    "R03": Entry("Go knows its memory limit and its CPUs", _W, "Go GC guide; Go 1.25 notes"),
    "R04": Entry("V8's old space leaves a quarter of the limit", _W, "Node.js CLI documentation"),
    "R05": Entry("Python's workers fit the limit", _B, "gunicorn"),
    "R06": Entry(".NET's heap limit leaves a quarter of the limit", _W, ".NET GC settings"),
    "R07": Entry("PHP's and Ruby's processes fit the limit", _B, "php-fpm; Puma"),
    "R08": Entry("PostgreSQL's buffers fit the limit", _B, "PostgreSQL documentation"),
    "R09": Entry("Redis' maxmemory leaves room for a fork", _B, "Redis documentation"),
    "R10": Entry("the heap is at most half of the limit and 31Gi", _B, "Elastic, OpenSearch"),
    "R11": Entry("memory is enough for the runtime to start", _B, "policy minimum_memory_mib"),
    "R12": Entry("native thread pools are as large as the CPU limit", _W, "OpenMP"),
    "M01": Entry("memory covers the observed peak", _B, "krr"),
    "M02": Entry("memory is above the value it was killed at", _B, "krr"),
    "M03": Entry("CPU request covers the chosen percentile", _W, "krr"),
    "M04": Entry("throttling stays below 5 %", _W, "cAdvisor"),
    "M05": Entry("the history is long enough", _B, "krr issue 110"),
    "M06": Entry("the start-up peak is in the window", _W, "krr issue 110"),
    "M07": Entry("one change is neither huge nor tiny", _W, "own"),
    "M08": Entry("series are counted once", _B, "own"),
    "$01": Entry("the monthly increase stays below the ceiling", _B, "Infracost guardrails"),
    "$02": Entry("the monthly cost stays within the budget", _B, "Infracost policies"),
    "$03": Entry("every price has a unit and a source, or is unknown", _B, "OpenCost issue 3781"),
    "$04": Entry("most of the CPU request is used in busy hours", _I, "OpenCost efficiency"),
    "L01": Entry("the model's output validates", _B, "own", NO_MODEL),
    "L02": Entry("every number lies within its interval", _B, "own"),
    "L03": Entry("citations exist, and the text says the plan's numbers", _W, "own"),
    "L04": Entry("shown text holds no secret, link, mention or markup", _B, "own"),
    "V01": Entry("the guests' memory fits the host", _B, "Proxmox", NO_PROXMOX),
    "V02": Entry("vCPU overcommit stays within the ratio", _W, "Proxmox", NO_PROXMOX),
    "V03": Entry("ids and addresses are free", _B, "Proxmox", NO_PROXMOX),
    "V04": Entry("the storage holds the disks", _B, "Proxmox", NO_PROXMOX),
    "V05": Entry("the template is on the node", _B, "Proxmox", NO_PROXMOX),
    "V06": Entry("the control plane has its minimum", _B, "kubeadm", NO_PROXMOX),
    "V07": Entry("no ballooning under a kubelet", _W, "kubelet", NO_PROXMOX),
}
