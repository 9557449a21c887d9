# The port comes from the environment, which the server reads too.
kubectl delete pod clash --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: clash
spec:
  containers:
  - name: one
    image: podlab.dev/toolbox:v1
    args: ["serve", "--message", "one"]
  - name: two
    image: podlab.dev/toolbox:v1
    args: ["serve", "--message", "two"]
    env:
    - name: PORT
      value: "8090"
END
