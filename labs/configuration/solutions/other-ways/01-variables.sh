# Everything in one manifest, the Secret in words.
kubectl apply -f - <<'END'
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  greeting: {{params.greeting}}
---
apiVersion: v1
kind: Secret
metadata:
  name: login
stringData:
  pin: "{{params.pin}}"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: PIN
      valueFrom:
        secretKeyRef:
          name: login
          key: pin
    - name: MESSAGE
      valueFrom:
        configMapKeyRef:
          name: settings
          key: greeting
END
