kubectl delete pod slow --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: slow
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["serve", "--start-delay", "10s"]
    startupProbe:
      httpGet:
        path: /healthz
        port: 8080
      periodSeconds: 1
      failureThreshold: 30
END
kubectl wait --for=condition=Ready pod/slow --timeout=60s
