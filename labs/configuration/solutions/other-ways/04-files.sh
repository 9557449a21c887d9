# Only the key that is wanted, with a mode of its own.
kubectl apply -f - <<'END'
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
      items:
      - key: pin
        path: pin
        mode: 256
END
