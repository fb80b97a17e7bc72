{{/*
What Helmet is given: the user's values, completed by what this chart knows and Helmet does not. As YAML.
What the user set is never replaced. The values themselves stay as they are, so that the order of templates does not matter.
*/}}
{{- define "bart.values" -}}
{{- $values := deepCopy .Values -}}
{{- $_ := set $values.image "tag" (include "bart.tag" .) -}}
{{- $_ := set $values.image "pullPolicy" (.Values.image.pullPolicy | default (include "bart.pullPolicy" .)) -}}
{{- $_ := set $values "commonLabels" (include "bart.labels" . | fromYaml) -}}
{{- $_ := set $values "lifecycleHooks" (include "bart.lifecycle" . | fromYaml) -}}
{{- $_ := set $values "envVars" (include "bart.env" . | fromYamlArray) -}}
{{- $_ := set $values "extraVolumes" (include "bart.volumes" . | fromYamlArray) -}}
{{- $_ := set $values "extraVolumeMounts" (include "bart.volumeMounts" . | fromYamlArray) -}}
{{- if and (eq .Values.updateStrategy.type "RollingUpdate") (not .Values.updateStrategy.rollingUpdate) -}}
{{- $_ := set $values.updateStrategy "rollingUpdate" (dict "maxSurge" 1 "maxUnavailable" 0) -}}
{{- end -}}
{{- with include "bart.runningReplicas" . -}}
{{- $_ := set $values "replicaCount" (int .) -}}
{{- $_ := set $values.autoscaling "enabled" false -}}
{{- $_ := set $values "annotations" (merge (dict (include "bart.writtenReplicas" $) "as they ran") ($values.annotations | default dict)) -}}
{{- end -}}
{{- toYaml $values -}}
{{- end -}}

{{- define "bart.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion | toString -}}
{{- end -}}

{{/*
A release (1.2.3) and an automatic tag of a commit (…-<sha8>-<commit time>, pr-<n>-<sha8>) are never moved by the actions
that publish them. Any other tag may be, and a node that has it must ask again.
*/}}
{{- define "bart.pullPolicy" -}}
{{- $fixed := `^(v?[0-9]+\.[0-9]+\.[0-9]+([-+].*)?|.*-[0-9a-f]{8}-[0-9]{10}|pr-[0-9]+-[0-9a-f]{8})$` -}}
{{- if or .Values.image.digest (regexMatch $fixed (include "bart.tag" .)) -}}IfNotPresent{{- else -}}Always{{- end -}}
{{- end -}}

{{/* The version that really runs, as a label may be written: 63 characters, a letter or digit at each end. */}}
{{- define "bart.version" -}}
{{- $version := include "bart.tag" . -}}
{{- if and .Values.image.digest (not .Values.image.tag) -}}
{{- $version = .Values.image.digest | replace ":" "-" | trunc 19 -}}
{{- end -}}
{{- regexReplaceAll "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$" ($version | trunc 63) "" -}}
{{- end -}}

{{- define "bart.labels" -}}
{{- merge (deepCopy (.Values.commonLabels | default dict)) (dict "app.kubernetes.io/version" (include "bart.version" .)) | toYaml -}}
{{- end -}}

{{/* Metadata of the objects that Helmet does not make. Expects a dict: context, and annotations of the object. */}}
{{- define "bart.metadata" -}}
name: {{ include "common.names.fullname" .context }}
namespace: {{ include "common.names.namespace" .context | quote }}
labels: {{- include "common.labels.standard" (dict "customLabels" (include "bart.labels" .context | fromYaml) "context" .context) | nindent 2 }}
{{- with merge (deepCopy (.annotations | default dict)) (.context.Values.commonAnnotations | default dict) }}
annotations: {{- tpl (toYaml .) $.context | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The selector of the Deployment, which podLabels may change. */}}
{{- define "bart.selector" -}}
{{- include "common.labels.matchLabels" (dict "customLabels" (merge (deepCopy (.Values.podLabels | default dict)) (.Values.commonLabels | default dict)) "context" .) -}}
{{- end -}}

{{/* Whether the cluster knows the hook `sleep`: since 1.30; an older one would refuse the pod. */}}
{{- define "bart.knowsSleep" -}}
{{- if semverCompare ">=1.30.0-0" (include "common.capabilities.kubeVersion" .) -}}true{{- end -}}
{{- end -}}

{{- define "bart.lifecycle" -}}
{{- $hooks := deepCopy (.Values.lifecycleHooks | default dict) -}}
{{- $seconds := int .Values.drainSeconds -}}
{{- if and (not (hasKey $hooks "preStop")) $seconds (include "bart.knowsSleep" .) -}}
{{- $grace := .Values.terminationGracePeriodSeconds | default 30 | int -}}
{{- if ge $seconds $grace -}}
{{- fail (printf "drainSeconds is %d, but a pod is killed after terminationGracePeriodSeconds, which is %d. Set drainSeconds to less, or terminationGracePeriodSeconds to more." $seconds $grace) -}}
{{- end -}}
{{- $_ := set $hooks "preStop" (dict "sleep" (dict "seconds" $seconds)) -}}
{{- end -}}
{{- toYaml $hooks -}}
{{- end -}}

{{/* The entry named `http` of a list of ports; the schema makes sure that there is one. Expects the list. */}}
{{- define "bart.httpPort" -}}
{{- range . -}}{{- if eq .name "http" -}}{{- toYaml . -}}{{- end -}}{{- end -}}
{{- end -}}

{{/* The user's environment as a list, whichever of the two forms it has. */}}
{{- define "bart.givenEnv" -}}
{{- $given := .Values.envVars | default list -}}
{{- if kindIs "map" $given -}}
{{- $list := list -}}
{{- range $name, $value := $given -}}
{{- $list = append $list (kindIs "map" $value | ternary $value (dict "value" $value) | merge (dict "name" $name)) -}}
{{- end -}}
{{- $given = $list -}}
{{- end -}}
{{- toYaml $given -}}
{{- end -}}

{{/* Environment of the shim as a list. A variable that the user set stays. */}}
{{- define "bart.env" -}}
{{- $given := include "bart.givenEnv" . | fromYamlArray -}}
{{- $names := list -}}
{{- range $given -}}{{- $names = append $names .name -}}{{- end -}}
{{- $port := (include "bart.httpPort" .Values.ports | fromYaml).containerPort | int -}}
{{- $ours := list (dict "name" "SPIN_HTTP_LISTEN_ADDR" "value" (printf "%s:%d" .Values.listen.host $port)) -}}
{{- if include "bart.contentSecret" . -}}
{{- $ours = append $ours (dict "name" "DOCKER_CONFIG" "value" "/etc/content-credentials") -}}
{{- end -}}
{{- range $ours -}}
{{- if not (has .name $names) -}}{{- $given = append $given . -}}{{- end -}}
{{- end -}}
{{- toYaml $given -}}
{{- end -}}

{{/* Name of the Secret with Docker's configuration for the content; empty where none is to be mounted. */}}
{{- define "bart.contentSecret" -}}
{{- $secret := .Values.content.pullSecret -}}
{{- range include "bart.givenEnv" . | fromYamlArray -}}
{{- if eq .name "DOCKER_CONFIG" -}}{{- $secret = "-" -}}{{- end -}}
{{- end -}}
{{- if not $secret -}}
{{- $secret = concat (.Values.image.pullSecrets | default list) (((.Values.global).imagePullSecrets) | default list) | first -}}
{{- if kindIs "map" $secret -}}{{- $secret = $secret.name -}}{{- end -}}
{{- end -}}
{{- if and $secret (ne $secret "-") -}}{{- tpl $secret . -}}{{- end -}}
{{- end -}}

{{- define "bart.volumes" -}}
{{- $volumes := .Values.extraVolumes | default list -}}
{{- $names := list -}}
{{- range $volumes -}}{{- $names = append $names .name -}}{{- end -}}
{{- if not (has "tmp" $names) -}}
{{- $emptyDir := dict -}}
{{- range $key, $value := .Values.tmp -}}{{- if $value -}}{{- $_ := set $emptyDir $key $value -}}{{- end -}}{{- end -}}
{{- $volumes = append $volumes (dict "name" "tmp" "emptyDir" $emptyDir) -}}
{{- end -}}
{{- with include "bart.contentSecret" . -}}
{{- $item := dict "key" ".dockerconfigjson" "path" "config.json" -}}
{{- $volumes = append $volumes (dict "name" "content-credentials" "secret" (dict "secretName" . "items" (list $item))) -}}
{{- end -}}
{{- toYaml $volumes -}}
{{- end -}}

{{- define "bart.volumeMounts" -}}
{{- $mounts := .Values.extraVolumeMounts | default list -}}
{{- $paths := list -}}
{{- range $mounts -}}{{- $paths = append $paths .mountPath -}}{{- end -}}
{{- if not (has "/tmp" $paths) -}}
{{- $mounts = append $mounts (dict "name" "tmp" "mountPath" "/tmp") -}}
{{- end -}}
{{- if include "bart.contentSecret" . -}}
{{- $mounts = append $mounts (dict "name" "content-credentials" "mountPath" "/etc/content-credentials" "readOnly" true) -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}

{{/*
The number of pods to write for an autoscaled Deployment; empty where the field is to be omitted, as it is in general.

A field that the last release wrote and this one omits falls back to 1 until the autoscaler looks again. So the release that
switches autoscaling on writes the number that runs, and leaves an annotation, because later ones must write it too. They need
not where the API server merges the fields (Helm 4, Flux) and the autoscaler owns this one: there, writing it would conflict.
Where no cluster can be asked, `lookup` finds nothing.
*/}}
{{- define "bart.runningReplicas" -}}
{{- if .Values.autoscaling.enabled -}}
{{- $fewest := int .Values.autoscaling.minReplicas -}}
{{- $most := int .Values.autoscaling.maxReplicas -}}
{{- if gt $fewest $most -}}
{{- fail (printf "autoscaling.minReplicas is %d, more than autoscaling.maxReplicas, which is %d." $fewest $most) -}}
{{- end -}}
{{- $name := include "common.names.fullname" . -}}
{{- $namespace := include "common.names.namespace" . -}}
{{- $running := lookup "apps/v1" "Deployment" $namespace $name -}}
{{- $scaler := lookup "autoscaling/v2" "HorizontalPodAutoscaler" $namespace $name -}}
{{- $written := hasKey (dig "metadata" "annotations" dict $running) (include "bart.writtenReplicas" .) -}}
{{- $merged := false -}}
{{- $scaled := false -}}
{{- range dig "metadata" "managedFields" list $running -}}
{{- if and (eq .operation "Apply") (hasKey (dig "fieldsV1" "f:spec" dict .) "f:template") -}}{{- $merged = true -}}{{- end -}}
{{- if eq (.subresource | default "") "scale" -}}{{- $scaled = true -}}{{- end -}}
{{- end -}}
{{- $replicas := dig "spec" "replicas" 0 $running -}}
{{- if and $replicas (or $written (not $scaler)) (not (and $merged $scaled)) -}}
{{- max (int $replicas) $fewest -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The annotation of a Deployment whose number of pods was written although it is autoscaled. */}}
{{- define "bart.writtenReplicas" -}}
bart.chart/replicas
{{- end -}}
