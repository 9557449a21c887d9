# A hook of the kubelet tells the loop, before the signal.
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
    command: ["sh", "-c", "until test -e /tmp/stop; do echo working; sleep 1; done; echo goodbye"]
    lifecycle:
      preStop:
        exec:
          command: ["touch", "/tmp/stop"]
END
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl delete pod worker
