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
podlab answer exceeded a
