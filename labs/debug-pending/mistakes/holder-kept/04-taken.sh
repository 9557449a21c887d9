kubectl get pods
kubectl describe pod larch
kubectl describe pod maple
kubectl describe nodes
kubectl get pods -o custom-columns='NAME:.metadata.name,GPUS:.spec.containers[0].resources.limits.nvidia\.com/gpu'
podlab answer never a
kubectl logs holly
cat > larch.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: larch
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["model", "--memory", "4Gi"]
    resources:
      limits:
        nvidia.com/gpu: 1
END
kubectl delete pod larch --now
kubectl apply -f larch.yaml
