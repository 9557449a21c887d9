kubectl describe quota small
kubectl run silent --image=podlab.dev/toolbox:v1
kubectl apply -f worker.yaml
podlab answer exceeded b
cat > worker.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: worker
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        memory: 64Mi
END
kubectl apply -f worker.yaml
kubectl wait --for=condition=Ready pod/worker --timeout=60s
kubectl describe quota small
