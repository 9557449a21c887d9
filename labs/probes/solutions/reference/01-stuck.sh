kubectl apply -f stuck.yaml
kubectl wait --for=condition=Ready pod/stuck --timeout=60s
kubectl exec stuck -- ready unhealthy
kubectl exec stuck -- wget -qO- http://localhost:8080/healthz
kubectl get pod stuck
cat > stuck.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: stuck
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
      periodSeconds: 2
      failureThreshold: 2
END
kubectl delete pod stuck --now
kubectl apply -f stuck.yaml
kubectl wait --for=condition=Ready pod/stuck --timeout=60s
kubectl get pod stuck
kubectl describe pod stuck
