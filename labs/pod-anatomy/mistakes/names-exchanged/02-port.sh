kubectl delete pod clash --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: clash
spec:
  containers:
  - name: two
    image: podlab.dev/toolbox:v1
    args: ["serve", "--message", "one"]
  - name: one
    image: podlab.dev/toolbox:v1
    args: ["serve", "--message", "two", "--start-delay", "2s", "--port", "8090"]
END
kubectl wait --for=condition=Ready pod/clash --timeout=60s
