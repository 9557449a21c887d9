kubectl delete pod mailer --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: mailer
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sleep", "infinity"]
END
