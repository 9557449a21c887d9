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
    command: ["sh", "-c", "trap \"exit 0\" TERM; while true; do sleep 1; done"]
END
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl delete pod worker
