kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: stuck
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    livenessProbe:
      tcpSocket:
        port: 8080
      periodSeconds: 2
      failureThreshold: 2
END
