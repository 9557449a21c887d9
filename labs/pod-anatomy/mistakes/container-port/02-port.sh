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
    ports:
    - containerPort: 8080
  - name: two
    image: podlab.dev/toolbox:v1
    args: ["serve", "--message", "two", "--start-delay", "2s"]
    ports:
    - containerPort: 8090
END
