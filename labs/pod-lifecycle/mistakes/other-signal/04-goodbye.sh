kubectl apply -f - <<'END'
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
      trap 'echo goodbye; exit 0' INT
      while true; do
        echo working
        sleep 1
      done
END
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl delete pod worker
