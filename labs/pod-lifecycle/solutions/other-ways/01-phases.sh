podlab answer half-phase pending
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: good
spec:
  restartPolicy: OnFailure
  containers:
  - name: one
    image: podlab.dev/toolbox:v1
    command: ["true"]
---
apiVersion: v1
kind: Pod
metadata:
  name: bad
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "echo no; exit 3"]
END
