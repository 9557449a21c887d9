kubectl get pod greedy
kubectl describe pod greedy
kubectl describe nodes | grep -A 5 -e ^Allocatable -e ^Allocated
cat greedy.yaml
cat > greedy.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: greedy
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
END
kubectl delete pod greedy --now
kubectl apply -f greedy.yaml
kubectl wait --for=condition=Ready pod/greedy --timeout=60s
