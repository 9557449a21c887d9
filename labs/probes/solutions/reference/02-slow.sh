cat slow.yaml
kubectl get pod slow
kubectl logs slow --previous
kubectl describe pod slow
cat > slow.yaml <<'END'
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
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
      periodSeconds: 2
      failureThreshold: 2
END
kubectl delete pod slow --now
kubectl apply -f slow.yaml
kubectl wait --for=condition=Ready pod/slow --timeout=60s
kubectl get pod slow
