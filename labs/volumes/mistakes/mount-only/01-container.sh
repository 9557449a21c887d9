cat > note.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: note
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "mkdir /data; exec serve"]
END
kubectl apply -f note.yaml
kubectl wait --for=condition=Ready pod/note --timeout=60s
kubectl exec note -- sh -c 'echo kept > /data/note'
podlab answer pod-deleted b
