kubectl get pod clash
cat clash.yaml
kubectl logs clash -c two
cat > clash.yaml <<'END'
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
    args: ["serve", "--message", "two", "--start-delay", "2s", "--port", "8090"]
END
kubectl delete pod clash --now
kubectl apply -f clash.yaml
kubectl get pod clash
