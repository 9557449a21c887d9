kubectl get pod mailer
kubectl logs mailer
kubectl describe pod mailer
cat > mailer.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: mailer
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["serve", "--port", "8025"]
END
kubectl delete pod mailer --now
kubectl apply -f mailer.yaml
kubectl get pod mailer
