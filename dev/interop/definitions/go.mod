module spin-publisher.invalid/definitions

go 1.25.0

// Custom resource definitions of the kinds in examples/ and in the chart. Only the files are read; nothing is built.
require (
	github.com/argoproj/argo-cd/v3 v3.2.0
	github.com/fluxcd/helm-controller v1.6.2
	github.com/fluxcd/image-automation-controller v1.2.0
	github.com/fluxcd/image-reflector-controller v1.2.0
	github.com/fluxcd/notification-controller v1.9.3
	github.com/fluxcd/source-controller v1.9.1
	github.com/spinkube/spin-operator v0.6.1
	sigs.k8s.io/gateway-api v1.4.1
)
