{{/* The names and labels that all parts share, and what the values must not be. */}}
{{- define "osler.name" -}}
{{- if contains "osler" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-osler" (.Release.Name | trunc 44 | trimSuffix "-") }}{{- end -}}
{{- end }}

{{- define "osler.selector" -}}
app.kubernetes.io/name: osler
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "osler.labels" -}}
{{ include "osler.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{- define "osler.account" -}}
{{- if .Values.serviceAccount.create -}}{{ .Values.serviceAccount.name | default (include "osler.name" .) }}
{{- else -}}{{ .Values.serviceAccount.name | default "default" }}{{- end -}}
{{- end }}

{{- define "osler.image" -}}
{{- if .Values.image.digest -}}{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}{{- end -}}
{{- end }}

{{- define "osler.refusals" -}}
{{- $postgres := .Values.database.existingSecret -}}
{{- if and (not $postgres) (gt (int .Values.replicas) 1) -}}
{{- fail "replicas is more than 1, but state is in SQLite, which one pod can use: name a Secret with a PostgreSQL URL in database.existingSecret, or set replicas to 1." -}}
{{- end -}}
{{- if and (not $postgres) .Values.autoscaling.enabled -}}
{{- fail "autoscaling is on, but state is in SQLite, which one pod can use: name a Secret with a PostgreSQL URL in database.existingSecret." -}}
{{- end -}}
{{- if not .Values.vaultKey.existingSecret -}}
{{- fail "vaultKey.existingSecret is empty: make a Secret with 32 random bytes in base64 and name it. docs/how-to/deploy.md has the command." -}}
{{- end -}}
{{- if regexMatch "(?m)^\\s*\\[+\\s*(server|stores)\\b" .Values.config.tables -}}
{{- fail "config.tables holds [server] or [stores], which the chart writes: put their lines into config.server and config.stores." -}}
{{- end -}}
{{- end }}
