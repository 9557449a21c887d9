cat > desk.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: desk
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["serve"]
    volumeMounts:
    - name: scripts
      mountPath: /bin
  volumes:
  - name: scripts
    configMap:
      name: scripts
END
kubectl delete pod desk --now
kubectl apply -f desk.yaml
kubectl wait --for=condition=Ready pod/desk --timeout=5s
