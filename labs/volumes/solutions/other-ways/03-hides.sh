# The mode is that of the one file.
cat > desk.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: desk
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    volumeMounts:
    - name: scripts
      mountPath: /bin/greet
      subPath: greet
  volumes:
  - name: scripts
    configMap:
      name: scripts
      items:
      - key: greet
        path: greet
        mode: 0555
END
kubectl delete pod desk --now
kubectl apply -f desk.yaml
kubectl wait --for=condition=Ready pod/desk --timeout=60s
