cat > deployment.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: book
spec:
  replicas: 1
  selector:
    matchLabels:
      app: book
  template:
    metadata:
      labels:
        app: book
    spec:
      containers:
      - name: app
        image: podlab.dev/toolbox:v1
        args: ["serve", "--run", "cat /pages/first"]
        volumeMounts:
        - name: pages
          mountPath: /pages
      volumes:
      - name: pages
        persistentVolumeClaim:
          claimName: pages
END
kubectl apply -f pages.yaml -f deployment.yaml
kubectl rollout status deployment book --timeout=60s
kubectl exec deployment/book -- sh -c 'echo {{params.line}} > /pages/first'
