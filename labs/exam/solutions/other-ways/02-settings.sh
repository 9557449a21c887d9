# The Pod first: it waits for what it needs. The Secret in plain text.
cat > waiter.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: waiter
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: TABLES
      valueFrom:
        configMapKeyRef:
          name: tables
          key: count
    volumeMounts:
    - name: till
      mountPath: /etc/till/pin
      subPath: pin
  volumes:
  - name: till
    secret:
      secretName: till
---
apiVersion: v1
kind: Secret
metadata:
  name: till
stringData:
  pin: "{{params.pin}}"
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: tables
data:
  count: "{{params.tables}}"
END
kubectl apply -f waiter.yaml
kubectl wait --for=condition=Ready pod/waiter --timeout=60s
