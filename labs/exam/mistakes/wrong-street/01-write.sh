cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: {{params.shop}}
  annotations:
    street: market
spec:
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    args: ["--port", "{{params.port}}", "--message", "{{params.sign}}"]
    resources:
      requests:
        memory: 32Mi
      limits:
        memory: 64Mi
END
kubectl apply -f shop.yaml
