# The file first, the holder last.
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
      requests:
        nvidia.com/gpu: 1
      limits:
        nvidia.com/gpu: 1
END
kubectl replace --force -f larch.yaml
kubectl delete pod holly --now
kubectl wait --for=condition=Ready pod/larch pod/maple --timeout=60s
podlab answer never larch
