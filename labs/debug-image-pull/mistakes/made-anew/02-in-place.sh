kubectl set image pod/oak app=podlab.dev/toolbox:v1
kubectl delete pod elm --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: elm
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
END
