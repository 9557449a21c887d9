cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: {{params.shop}}
  labels:
    street: market
spec:
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    args: ["--message", "{{params.sign}}"]
    ports:
    - containerPort: {{params.port}}
    resources:
      requests:
        memory: 32Mi
      limits:
        memory: 64Mi
END
kubectl apply -f shop.yaml
