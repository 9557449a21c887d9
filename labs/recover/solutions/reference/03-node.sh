kubectl get nodes
kubectl get pod candle -o jsonpath='{.spec.tolerations}{"\n"}'
podlab answer patience 300
cat > lamp.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: lamp
spec:
  replicas: 1
  selector:
    matchLabels:
      app: lamp
  template:
    metadata:
      labels:
        app: lamp
    spec:
      containers:
      - name: app
        image: podlab.dev/toolbox:v1
      tolerations:
      - key: node.kubernetes.io/unreachable
        effect: NoExecute
        tolerationSeconds: 5
END
kubectl apply -f lamp.yaml
kubectl rollout status deployment lamp --timeout=60s
kubectl get pods -l app=lamp -o wide
podlab answer listed b
