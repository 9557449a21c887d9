cat > vault.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: vault
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        memory: 48Mi
        cpu: 100m
      limits:
        memory: 48Mi
        cpu: 100m
  - name: guard
    image: podlab.dev/toolbox:v1
    args: ["--port", "{{params.guard}}"]
END
kubectl apply -f vault.yaml
kubectl wait --for=condition=Ready pod/vault --timeout=60s
