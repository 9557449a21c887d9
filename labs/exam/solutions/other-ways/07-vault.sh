# Limits alone: requests follow them. The port by a variable.
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
      limits: {memory: 48Mi, cpu: "0.1"}
  - name: guard
    image: podlab.dev/toolbox:v1
    env:
    - name: PORT
      value: "{{params.guard}}"
    resources:
      limits: {memory: 32Mi, cpu: "0.05"}
END
kubectl apply -f vault.yaml
kubectl wait --for=condition=Ready pod/vault --timeout=60s
