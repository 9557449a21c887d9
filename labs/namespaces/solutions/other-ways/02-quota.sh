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
        memory: 65536Ki
END
kubectl apply -f worker.yaml
podlab answer exceeded "it has to request less, or others have to go"
