cat > press.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: press
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["serve", "--start-delay", "8s"]
    startupProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 1
      failureThreshold: 20
    livenessProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 2
      failureThreshold: 2
    readinessProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 2
      failureThreshold: 1
END
kubectl apply -f press.yaml
kubectl wait --for=condition=Ready pod/press --timeout=60s
