cat rowan.yaml
kubectl apply -f rowan.yaml
kubectl get pods
kubectl describe pod rowan
kubectl get nodes -o custom-columns='NAME:.metadata.name,TAINTS:.spec.taints'
podlab answer which-taint {{params.team}}
cat > rowan.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: rowan
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
  tolerations:
  - key: {{params.team}}
    value: only
    effect: NoSchedule
END
kubectl delete pod rowan --now
kubectl apply -f rowan.yaml
kubectl wait --for=condition=Ready pod/rowan --timeout=60s
kubectl get pods
podlab answer permits c
