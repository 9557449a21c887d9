cat worker.yaml
kubectl apply -f worker.yaml
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl delete pod worker
cat > worker.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: worker
spec:
  terminationGracePeriodSeconds: 10
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args:
    - |
      trap 'echo goodbye; exit 0' TERM
      while true; do
        echo working
        sleep 1
      done
END
kubectl apply -f worker.yaml
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl wait --for=jsonpath='{.status.phase}'=Running pod/worker --timeout=60s
kubectl delete pod worker
