{{- /* What the operator, the test and the uninstall Job have in common. */ -}}

{{- define "nbkeys.serverArgs" -}}
{{- $account := .Values.defaultAccount -}}
- --netbird-url={{ $account.managementURL }}
- --netbird-token-file=/run/secrets/netbird/NB_API_KEY
{{- if include "nbkeys.caRef" . }}
- --netbird-ca-file=/run/secrets/netbird-ca/ca.crt
{{- end }}
{{- if $account.insecureHTTP }}
- --netbird-insecure-http
{{- end }}
{{- end -}}

{{- define "nbkeys.scopeArgs" -}}
{{- range .Values.watchNamespaces }}
- --watch-namespace={{ . }}
{{- end }}
{{- end -}}

{{- define "nbkeys.logArgs" -}}
- --log-level={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
{{- end -}}

{{- define "nbkeys.env" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.proxy }}
{{- with .http }}
- name: HTTP_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .https }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if or .http .https }}
- name: NO_PROXY
  value: {{ .noProxy | quote }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "nbkeys.accountMounts" -}}
{{- /* The whole folder, not a subPath: only so does a new token reach the running pod. */ -}}
- name: netbird-token
  mountPath: /run/secrets/netbird
  readOnly: true
{{- if include "nbkeys.caRef" . }}
- name: netbird-ca
  mountPath: /run/secrets/netbird-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "nbkeys.accountVolumes" -}}
- name: netbird-token
  secret:
    secretName: {{ include "nbkeys.tokenSecretName" . }}
    {{- /* So that a test says that it is not there, and does not wait for it. */}}
    {{- if .optional }}
    optional: true
    {{- end }}
    defaultMode: 0440
    items:
      - key: {{ .Values.defaultAccount.tokenSecretRef.key }}
        path: NB_API_KEY
{{- with include "nbkeys.caRef" . | fromYaml }}
- name: netbird-ca
  {{- if eq .kind "Secret" }}
  secret:
    secretName: {{ .name }}
  {{- else }}
  configMap:
    name: {{ .name }}
  {{- end }}
    items:
      - key: {{ .key }}
        path: ca.crt
{{- end }}
{{- end -}}

{{- /* OpenShift gives each namespace its own user and group, and refuses others. */ -}}
{{- define "nbkeys.podSecurityContext" -}}
{{- $adapt := .Values.openshift.adaptSecurityContext -}}
{{- if or (eq $adapt "always") (and (eq $adapt "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
{{- toYaml (omit .Values.podSecurityContext "runAsUser" "runAsGroup" "fsGroup") -}}
{{- else -}}
{{- toYaml .Values.podSecurityContext -}}
{{- end -}}
{{- end -}}

{{- /* Where and as whom a pod runs. */ -}}
{{- define "nbkeys.podPlace" -}}
automountServiceAccountToken: true
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "nbkeys.podSecurityContext" . | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "nbkeys.container" -}}
image: {{ include "nbkeys.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- end -}}

{{- define "nbkeys.affinity" -}}
{{- if .Values.affinity -}}
{{- toYaml .Values.affinity -}}
{{- else -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "nbkeys.selectorLabels" . | nindent 12 }}
{{- end -}}
{{- end -}}

{{- define "nbkeys.topologySpread" -}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "nbkeys.selectorLabels" . | fromYaml)) -}}
{{- range .Values.topologySpreadConstraints }}
{{- /* Not merged into one that is given: merge goes into the depth. */}}
{{- $constraint := . }}
{{- if not .labelSelector }}{{ $constraint = merge dict . $own }}{{ end }}
- {{ toYaml $constraint | nindent 2 | trim }}
{{- end }}
{{- end -}}
