kubectl create configmap tables --from-literal=tables={{params.tables}}
kubectl create secret generic till --from-literal=pin={{params.pin}}
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
          key: tables
    volumeMounts:
    - name: till
      mountPath: /etc/till
  volumes:
  - name: till
    secret:
      secretName: till
END
kubectl apply -f waiter.yaml
