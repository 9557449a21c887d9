# The question is asked by a program in the container.
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
      exec:
        command: ["wget", "-q", "-O", "-", "http://localhost:8080/healthz"]
      periodSeconds: 2
      failureThreshold: 2
END
