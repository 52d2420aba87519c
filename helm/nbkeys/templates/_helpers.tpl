{{- define "nbkeys.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* Names get endings such as -leader-election, which must fit into 63 characters too. */ -}}
{{- define "nbkeys.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "nbkeys.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 44 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 44 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "nbkeys.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "nbkeys.selectorLabels" -}}
app.kubernetes.io/name: {{ include "nbkeys.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Labels of a pod beside the Deployment's own, which none of its selectors may count in. */ -}}
{{- define "nbkeys.asideLabels" -}}
{{- $labels := include "nbkeys.labels" (index . 0) | fromYaml -}}
{{- toYaml (merge (dict "app.kubernetes.io/name" (printf "%s-%s" (include "nbkeys.name" (index . 0)) (index . 1))) $labels) -}}
{{- end -}}

{{- define "nbkeys.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "nbkeys.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: nbkeys
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* metadata of a namespaced object: (list . NAME), with more annotations (list . NAME MAP). */ -}}
{{- define "nbkeys.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ include "nbkeys.namespace" $root }}
{{ include "nbkeys.labelsAndAnnotations" . }}
{{- end -}}

{{- define "nbkeys.clusterMetadata" -}}
name: {{ index . 1 }}
{{ include "nbkeys.labelsAndAnnotations" . }}
{{- end -}}

{{- define "nbkeys.labelsAndAnnotations" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "nbkeys.labels" $root | nindent 2 }}
{{- $more := dict -}}
{{- if gt (len .) 2 }}{{ $more = index . 2 }}{{ end -}}
{{- with merge dict $more $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "nbkeys.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "nbkeys.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "nbkeys.leaseName" -}}
{{- default (include "nbkeys.fullname" .) .Values.leaderElection.leaseName -}}
{{- end -}}

{{- define "nbkeys.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag -}}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- /* "true" where the operator gets Roles only. */ -}}
{{- define "nbkeys.scoped" -}}
{{- if and .Values.watchNamespaces .Values.rbac.scoped }}true{{ end -}}
{{- end -}}

{{- /* Whoever renders without honouring hooks applies them with the rest, so what a hook does is done
only where Helm's record of the release says that it is meant. "true" where that is looked at. */ -}}
{{- define "nbkeys.asksHelm" -}}
{{- if and .Values.rbac.create (not .Values.uninstall.trustHooks) }}true{{ end -}}
{{- end -}}

{{- define "nbkeys.helmRecord" -}}
sh.helm.release.v1.{{ .Release.Name }}.v
{{- end -}}

{{- /* A release that was rolled back has the hooks of an earlier revision. By name, as the right to
list would be one to read every Secret, the token's too. */ -}}
{{- define "nbkeys.helmRecordRules" -}}
{{- $root := . -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
  resourceNames:
    {{- range untilStep (int .Release.Revision) (int (add .Release.Revision 32)) 1 }}
    - {{ include "nbkeys.helmRecord" $root }}{{ . }}
    {{- end }}
{{- end -}}

{{- define "nbkeys.helmRecordArg" -}}
{{- if include "nbkeys.asksHelm" . }}
- --helm-record={{ .Release.Namespace }}/{{ include "nbkeys.helmRecord" . }}{{ .Release.Revision }}
{{- end }}
{{- end -}}

{{- define "nbkeys.tokenSecretName" -}}
{{- if .Values.defaultAccount.token -}}
{{- include "nbkeys.fullname" . }}-netbird-token
{{- else -}}
{{- .Values.defaultAccount.tokenSecretRef.name -}}
{{- end -}}
{{- end -}}

{{- /* Where NetBird's CAs are, as {kind, name, key}; nothing where the system's are enough. */ -}}
{{- define "nbkeys.caRef" -}}
{{- if .Values.defaultAccount.caBundle -}}
kind: ConfigMap
name: {{ include "nbkeys.fullname" . }}-netbird-ca
key: ca.crt
{{- else if .Values.defaultAccount.caBundleRef.kind -}}
{{- toYaml .Values.defaultAccount.caBundleRef -}}
{{- end -}}
{{- end -}}

{{- /* "true" where an object of a kind that is not Kubernetes' own is wanted: (list . VALUES API). */ -}}
{{- define "nbkeys.wantsKind" -}}
{{- $root := index . 0 -}}{{- $values := index . 1 -}}{{- $api := index . 2 -}}
{{- if $values.enabled -}}
{{- if or (eq $values.renderMode "alwaysRender") ($root.Capabilities.APIVersions.Has $api) -}}
true
{{- else if eq $values.renderMode "failIfMissing" -}}
{{- fail (printf "the cluster does not know %s: install the Prometheus Operator, or set renderMode to skipIfMissing" $api) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What the schema cannot say. */ -}}
{{- define "nbkeys.contradictions" -}}
{{- $account := .Values.defaultAccount -}}
{{- if and (gt (int .Values.replicaCount) 1) (not .Values.leaderElection.enabled) -}}
{{- fail "replicaCount: more than one replica needs leaderElection.enabled, or two would work at once" -}}
{{- end -}}
{{- if and (hasPrefix "http://" $account.managementURL) (not $account.insecureHTTP) -}}
{{- fail "defaultAccount.managementURL: plain http shows the token on the way; use https, or insecureHTTP if you accept that" -}}
{{- end -}}
{{- if and $account.caBundleRef.kind (not $account.caBundleRef.name) -}}
{{- fail "defaultAccount.caBundleRef.name: say which one" -}}
{{- end -}}
{{- if and (not .Values.rbac.create) (ne .Values.uninstall.policy "None") -}}
{{- fail "rbac.create: without it the Job of uninstall.policy has no rights; set uninstall.policy: None" -}}
{{- end -}}
{{- end -}}
