cat > safe.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: safe
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    volumeMounts:
    - name: login
      mountPath: /etc/login
  volumes:
  - name: login
    secret:
      secretName: login
      defaultMode: 0400
END
kubectl apply -f safe.yaml
kubectl wait --for=condition=Ready pod/safe --timeout=60s
kubectl exec safe -- ls -lL /etc/login
