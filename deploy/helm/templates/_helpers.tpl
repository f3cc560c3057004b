{{- define "ses.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "ses.labels" -}}
app.kubernetes.io/name: ses
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ses.podSecurity" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "ses.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Settings of every program; what is secret comes as files. */}}
{{- define "ses.environment" -}}
- {name: SES_ENVIRONMENT, value: production}
- {name: SES_SECRETS_DIR, value: /run/secrets}
- {name: SES_DATABASE_URL, value: {{ required "database.url is required" .Values.database.url | quote }}}
- {name: SES_REDIS_URL, value: {{ required "redis.url is required" .Values.redis.url | quote }}}
- name: SES_ALLOWED_HOSTS
  value: {{ range $service, $_ := .Values.services }}{{ $.Release.Name }}-{{ $service }}-web,{{ end }}{{ .Values.settings.allowed_hosts | default "" }}
{{- range $name, $value := omit .Values.settings "allowed_hosts" }}
{{- if ne (toString $value) "" }}
- {name: {{ printf "SES_%s" (upper $name) }}, value: {{ toString $value | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{/* A volume of the named keys of the secret. Call with (dict "root" $ "keys" (list ...)). */}}
{{- define "ses.secrets" -}}
- name: secrets
  secret:
    secretName: {{ .root.Values.secretName }}
    defaultMode: 0440
    items:
{{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
{{- end }}
- name: tmp
  emptyDir: {}
{{- end -}}

{{- define "ses.mounts" -}}
- {name: secrets, mountPath: /run/secrets, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{/* The addresses of the drop folders, for ingest alone. Call with (dict "root" $ "service" "ingest"). */}}
{{- define "ses.dropFolders" -}}
{{- if and (eq .service "ingest") .root.Values.dropFolders.secretName }}
envFrom: [{secretRef: {name: {{ .root.Values.dropFolders.secretName }}}}]
{{- end }}
{{- end -}}
